"""Celery (Debian packages python3-celery, python3-redis): a worker process runs single tasks, a
group and a chord, with Redis as broker and as store of results."""

import os
import subprocess
import sys

try:
    import celery
    import redis  # noqa: F401, what celery needs
except ImportError as error:
    print("SKIPPED: celery_jobs.py needs the Debian packages python3-celery and python3-redis (%s)" % error)
    sys.exit(77)

import job_tasks

log = open(os.path.join(os.environ["WORK"], "celery.log"), "wb")
worker = subprocess.Popen(
    [sys.executable, "-m", "celery", "-A", "job_tasks", "worker", "--pool", "solo", "--loglevel", "INFO"],
    stdout=log, stderr=log)
try:
    assert job_tasks.add.delay(2, 3).get(timeout=60) == 5
    group = celery.group(job_tasks.add.s(i, i) for i in range(20)).delay()
    assert group.get(timeout=60) == [2 * i for i in range(20)]
    chord = celery.chord((job_tasks.add.s(i, 1) for i in range(10)), job_tasks.total.s()).delay()
    assert chord.get(timeout=60) == 55
    chain = (job_tasks.add.s(1, 1) | job_tasks.add.s(10)).delay()
    assert chain.get(timeout=60) == 12
    assert job_tasks.app.control.inspect(timeout=5).ping()
except BaseException:
    print(open(log.name).read()[-3000:], file=sys.stderr)
    raise
finally:
    worker.terminate()
    worker.wait()
text = open(log.name).read()
assert "Error" not in text and "CRITICAL" not in text, text
print("passed with celery " + celery.__version__)
