"""Django's Redis cache with one pool of connections for the whole process.

Django makes a cache object, and with it a pool, for every thread. Under ASGI each request has a thread of its own, so
each opens a TLS connection that only the garbage collector closes: https://code.djangoproject.com/ticket/35651
"""

from functools import cached_property
from threading import Lock

from django.core.cache.backends.redis import RedisCache


class SharedRedisCache(RedisCache):
    shared = {}  # one for all instances is the point
    lock = Lock()

    @cached_property
    def _cache(self):
        with self.lock:
            client = self.shared.setdefault(tuple(self._servers), super()._cache)
            client.get_client()  # makes the pool, of which threads that come at once would make one each
            return client
