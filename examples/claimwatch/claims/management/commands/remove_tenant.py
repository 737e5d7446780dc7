from django.core.management.base import BaseCommand, CommandError

from claims.models import Tenant


class Command(BaseCommand):
    help = "Remove a tenant and its claims."

    def add_arguments(self, parser):
        parser.add_argument("--name", required=True)

    def handle(self, *, name, **options):
        tenant = Tenant.objects.filter(name=name).first()
        if tenant is None:
            raise CommandError(f"there is no tenant {name}")
        with tenant.scope():  # outside of it, its claims would not be found to be removed with it
            tenant.delete()
        self.stdout.write(f"{name} was removed")
