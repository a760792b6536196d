"""The jobs of rq_jobs.py and celery_jobs.py, importable by their workers."""

import os

try:
    import celery
    app = celery.Celery("job_tasks",
                        broker="redis://127.0.0.1:%s/1" % os.environ["PORT"],
                        backend="redis://127.0.0.1:%s/2" % os.environ["PORT"])
    app.conf.update(broker_connection_retry_on_startup=True, task_acks_late=True)
    task = app.task
except ImportError:
    def task(function):
        return function


def multiply(a, b):
    return a * b


def fail():
    raise ValueError("as it should")


@task
def add(a, b):
    return a + b


@task
def total(numbers):
    return sum(numbers)
