"""The worker's pool of processes: it outlives a child that is killed, and no child outlives it.

Where the broker is a folder the children take their tasks from one pipe behind one lock (with Redis each has a pipe of
its own). A child killed while it waits keeps the lock for ever, and those made in its place would wait in silence.
"""

import contextlib
import os
import signal
import threading
import time

from billiard.pool import Pool
from celery.concurrency.prefork import TaskPool
from celery.signals import worker_process_init

LOOK_EVERY_SECONDS = 1


class LastingPool(Pool):
    def _join_exited_workers(self, shutdown=False):
        exitcodes = super()._join_exited_workers(shutdown)
        if not shutdown and any(code is not None and code < 0 for code in exitcodes):
            exitcodes += self._start_anew()
        return exitcodes

    def _start_anew(self) -> list[int]:
        """End the other children too: which of them held a lock is not to be known. Their tasks go back to the broker."""
        for child in self._pool:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
        for child in self._pool:
            child.join()
        exitcodes = super()._join_exited_workers()
        for lock in (self._inqueue._rlock, self._outqueue._wlock):
            lock.acquire(False)  # taken by the dead, or by us now: either way nobody lives who could release it
            lock.release()
        return exitcodes


def _end_with(parent: int) -> None:
    # Not by the kernel's word at a parent's death: it counts the end of the thread that made the child as one.
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_SECONDS)
    os._exit(1)


def _watch_parent(**_signal) -> None:
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()


def install() -> None:
    """Use this pool wherever Celery would use the one with a shared pipe, and end every child with its worker."""
    TaskPool.BlockingPool = LastingPool
    worker_process_init.connect(_watch_parent)
