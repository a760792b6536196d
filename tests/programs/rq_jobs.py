"""RQ (Debian package python3-rq): a worker takes jobs from a queue; results, failures, retries."""

import os
import sys

try:
    import redis
    import rq
    import rq.registry
except ImportError as error:
    print("SKIPPED: rq_jobs.py needs the Debian package python3-rq (%s)" % error)
    sys.exit(77)

connection = redis.Redis(host="127.0.0.1", port=int(os.environ["PORT"]))
queue = rq.Queue("jobs", connection=connection)
good = [queue.enqueue("job_tasks.multiply", i, 3) for i in range(10)]
bad = queue.enqueue("job_tasks.fail")
after = queue.enqueue("job_tasks.multiply", 5, 5, depends_on=good[-1])
assert len(queue) == 11

worker = rq.SimpleWorker([queue], connection=connection)
worker.work(burst=True, logging_level="ERROR")

assert [job.result for job in good] == [i * 3 for i in range(10)]
assert after.get_status(refresh=True) == "finished" and after.result == 25
assert bad.get_status(refresh=True) == "failed" and "as it should" in bad.exc_info
assert rq.registry.FailedJobRegistry(queue=queue).get_job_ids() == [bad.id]
assert rq.registry.FinishedJobRegistry(queue=queue).count == 11
assert queue.is_empty() and rq.Worker.all(connection=connection) == []
print("passed with rq " + rq.VERSION)
