import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from django.core.cache import caches
from django.test import SimpleTestCase

from devicehub.cache import SharedRedisCache

THREADS = 16
# Where a thread makes a pool of its own, it does so in about every second round.
ROUNDS = 20


class SharedCache(SimpleTestCase):
    def test_threads_that_come_at_once_share_one_pool(self):
        together = threading.Barrier(THREADS)

        def pool(_):
            together.wait()
            return caches.create_connection("default")._cache.get_client().connection_pool

        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(1e-6)
        with ThreadPoolExecutor(THREADS) as clients:
            for _ in range(ROUNDS):
                with mock.patch.object(SharedRedisCache, "shared", {}):
                    self.assertEqual(len(set(clients.map(pool, range(THREADS)))), 1)
