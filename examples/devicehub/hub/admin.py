from django.contrib import admin

from .models import Device, Message


@admin.register(Device)
class DeviceAdmin(admin.ModelAdmin):
    list_display = ["name", "owner", "created"]
    search_fields = ["name", "owner__username"]
    readonly_fields = ["created"]

    def has_add_permission(self, request):
        return False  # the token of a device made here could not be shown to anybody


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = ["device", "sender", "body", "replica", "created"]
    list_select_related = ["device"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
