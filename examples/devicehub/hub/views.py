"""The pages: a list of one's devices, and one device with its messages, live."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from .forms import DeviceForm
from .models import Device

PAGE = 50


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def devices(request):
    form = DeviceForm(request.POST or None)
    created = token = None
    if request.method == "POST" and form.is_valid():
        try:
            created, token = Device.objects.create_with_token(request.user, form.cleaned_data["name"])
            form = DeviceForm()
        except ValidationError as error:
            form.add_error(None, error)
    # The answer to this POST is the only page that ever shows the token, so there is no redirect after it.
    context = {"form": form, "devices": request.user.devices.all(), "created": created, "token": token}
    return render(request, "hub/devices.html", context)


@never_cache
@login_required
@require_safe
def device(request, device_id):
    found = get_object_or_404(request.user.devices, id=device_id)
    latest = reversed(found.messages.all()[:PAGE])
    return render(request, "hub/device.html", {"device": found, "messages_of_device": latest})
