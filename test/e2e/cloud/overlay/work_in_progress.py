"""A function that is changed while it works ends that work as it was: stock kills the processes that are at work."""

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

retired = set()


def patch():
    stop, release = lambda_runtime.kill_workers, lambda_runtime.release_worker

    def stop_idle(workers):
        at_work = [worker for worker in workers if worker is not None and worker.in_use]
        retired.update(at_work)
        stop([worker for worker in workers if worker not in at_work])

    def release_or_stop(worker):
        release(worker)
        if worker in retired:
            retired.discard(worker)
            stop([worker])

    # What is at work when the emulator ends is ended with its process group.
    lambda_runtime.kill_workers = stop_idle
    lambda_svc.release_worker = release_or_stop
