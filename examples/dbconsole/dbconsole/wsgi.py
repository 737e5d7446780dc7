"""What Gunicorn serves."""

from .health import Health, Postgres, Redis
from .logs import RequestLog
from .settings import SETTINGS
from .web import create_app

asked = {"database": Postgres(SETTINGS.database_url).ask, "cache": Redis(SETTINGS.cache_url).ask}
about = {"replica": SETTINGS.replica, "version": SETTINGS.version}
application = RequestLog(Health(create_app(SETTINGS), asked, about))
