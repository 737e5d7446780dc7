"""Celery's application is loaded with Django, so that tasks find it."""

from .celery import app as celery_app

__all__ = ("celery_app",)
