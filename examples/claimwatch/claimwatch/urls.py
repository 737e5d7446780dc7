from django.urls import path

from claims import api

urlpatterns = [
    path("api/token/", api.token),
    path("api/claims/", api.claims),
    path("api/claims/<uuid:claim_id>/", api.claim),
    path("api/summary/", api.summary),
]
handler404 = "claims.api.not_found"
handler500 = "claims.api.failed"
