"""What the worker does. A claim's row says how far it is; a message points at it, and may get lost or come twice."""

import logging
import time

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone
from kombu.exceptions import OperationalError

from .models import Claim, Tenant

logger = logging.getLogger(__name__)

# What a human being should look at.
LARGE = 10_000
READING_SECONDS = 0.5


def send(tenant: Tenant, claim_id) -> None:
    """Have a claim assessed. Without a broker it waits in the database: beat sends what was forgotten."""
    try:
        assess.apply_async((str(tenant.id), str(claim_id)), retry=False)
    except OperationalError:
        logger.warning("the broker did not take the claim; it will be sent later", extra={"claim": str(claim_id)})


def summary_key(tenant: Tenant) -> str:
    return f"summary:{tenant.id}"


@shared_task
def assess(tenant_id: str, claim_id: str) -> None:
    """Read the claim's documents and judge it. No transaction is open while it reads."""
    tenant = Tenant.objects.filter(id=tenant_id).first()
    if tenant:
        with tenant.scope():
            claim = Claim.begin(claim_id)
    if not tenant or not claim:
        logger.info("nothing to assess", extra={"claim": claim_id})
        return
    logger.info("assessment begins", extra={"claim": claim_id, "attempt": claim.attempts})
    for number in range(1, claim.documents + 1):
        time.sleep(READING_SECONDS)  # stands for the reading of a scanned document
        with tenant.scope():
            Claim.objects.filter(id=claim_id).update(documents_read=number)
    with tenant.scope():
        earlier = Claim.objects.filter(fingerprint=claim.fingerprint, filed__lt=claim.filed)
        verdict = "duplicate" if earlier.exists() else "review" if claim.amount > LARGE else "accepted"
        Claim.objects.filter(id=claim_id).update(state=Claim.State.ASSESSED, verdict=verdict, assessed=timezone.now())
    cache.delete(summary_key(tenant))
    logger.info("assessment ends", extra={"claim": claim_id, "verdict": verdict})


@shared_task
def send_forgotten() -> None:
    for tenant in Tenant.objects.all():
        with tenant.scope():
            found = list(Claim.forgotten().values_list("id", flat=True)[:100])
            # Its turn comes again later: it may be waiting in a long queue.
            Claim.objects.filter(id__in=found, state=Claim.State.FILED).update(touched=timezone.now())
        for claim_id in found:
            logger.warning("sending a forgotten claim", extra={"claim": str(claim_id)})
            send(tenant, claim_id)
