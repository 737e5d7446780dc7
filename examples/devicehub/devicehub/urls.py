from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from django.views.generic import RedirectView

from hub import api, views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="devices"), name="home"),
    path("login/", LoginView.as_view(template_name="hub/login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("devices/", views.devices, name="devices"),
    path("devices/<uuid:device_id>/", views.device, name="device"),
    path("api/devices/", api.devices, name="api-devices"),
    path("api/devices/<uuid:device_id>/messages/", api.messages, name="api-messages"),
    path("admin/", admin.site.urls),
]
