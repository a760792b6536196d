"""redis-py (Debian package python3-redis): pipelines, transactions with WATCH, publish/subscribe,
locks, stream groups, scans, registered scripts, blocking pops, the pool after a lost connection."""

import os
import sys
import threading

try:
    import redis
    from redis.exceptions import LockError, NoScriptError, ResponseError, WatchError
except ImportError as error:
    print("SKIPPED: redis_py.py needs the Debian package python3-redis (%s)" % error)
    sys.exit(77)

PORT = int(os.environ["PORT"])


def connect(**options):
    return redis.Redis(host="127.0.0.1", port=PORT, decode_responses=True, **options)


def hashes_and_scans(r):
    for i in range(300):
        r.hset("user:%d" % i, mapping={"name": "n%d" % i, "age": i, "json": '{"id": %d}' % i})
    assert r.hgetall("user:7") == {"name": "n7", "age": "7", "json": '{"id": 7}'}
    assert r.hincrby("user:7", "age", 3) == 10
    assert set(r.scan_iter("user:*", count=17)) == {"user:%d" % i for i in range(300)}
    assert set(r.scan_iter("user:*", _type="string")) == set()
    r.zadd("board", {"m%d" % i: i for i in range(500)})
    assert dict(r.zscan_iter("board")) == {"m%d" % i: float(i) for i in range(500)}
    r.sadd("tags", *range(500))
    assert {int(m) for m in r.sscan_iter("tags")} == set(range(500))
    assert dict(r.hscan_iter("user:1"))["name"] == "n1"
    assert r.zrange("board", 0, 1, desc=True, withscores=True) == [("m499", 499.0), ("m498", 498.0)]
    assert r.set("with:ttl", "v", ex=100, nx=True) and 98 <= r.ttl("with:ttl") <= 100
    assert r.set("with:ttl", "w", xx=True, get=True, keepttl=True) == "v"
    assert r.bitcount("with:ttl") == 6 and r.object("encoding", "board") == "skiplist"
    r.geoadd("cities", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"))
    assert abs(r.geodist("cities", "Palermo", "Catania", unit="km") - 166.2742) < 0.001
    r.pfadd("visits", *range(1000))
    assert abs(r.pfcount("visits") - 1000) < 50


def pipelines(r):
    with r.pipeline(transaction=False) as pipe:
        for i in range(1000):
            pipe.set("pl:%d" % i, i)
            pipe.get("pl:%d" % i)
        results = pipe.execute()
    assert results[1::2] == [str(i) for i in range(1000)]
    with r.pipeline() as pipe:  # MULTI
        results = pipe.incr("n").lpush("n", 1).get("n").execute(raise_on_error=False)
    assert results[0] == 1 and isinstance(results[1], ResponseError) and results[2] == "1"


def transactions(r):
    r.set("balance", 100)
    attempts = []

    def withdraw(pipe):
        balance = int(pipe.get("balance"))
        if not attempts:
            r.incrby("balance", 5)  # somebody else, between WATCH and EXEC
        attempts.append(balance)
        pipe.multi()
        pipe.set("balance", balance - 10)

    assert r.transaction(withdraw, "balance") == [True]
    assert attempts == [100, 105] and r.get("balance") == "95"
    with r.pipeline() as pipe:
        pipe.watch("balance")
        r.set("balance", 0)
        pipe.multi()
        pipe.get("balance")
        try:
            pipe.execute()
            raise AssertionError("EXEC must fail")
        except WatchError:
            pass


def pubsub(r):
    p = r.pubsub()
    p.subscribe("news")
    p.psubscribe("sport.*")
    assert p.get_message(timeout=5)["type"] == "subscribe"
    assert p.get_message(timeout=5) == {"type": "psubscribe", "pattern": None, "channel": "sport.*", "data": 2}
    assert r.publish("news", "rain") == 1 and r.publish("sport.chess", "draw") == 1
    assert p.get_message(timeout=5)["data"] == "rain"
    assert p.get_message(timeout=5) == {
        "type": "pmessage", "pattern": "sport.*", "channel": "sport.chess", "data": "draw"}
    heard = []
    come = threading.Event()

    def hear(message):
        heard.append(message["data"])
        come.set()

    q = r.pubsub(ignore_subscribe_messages=True)
    q.subscribe(loud=hear)
    thread = q.run_in_thread(sleep_time=0.01, daemon=True)
    while r.publish("loud", "hello") == 0:
        pass
    assert come.wait(10) and heard[0] == "hello"
    thread.stop()
    thread.join()
    p.close()


def locks(r):
    lock = r.lock("lock", timeout=30)
    assert lock.acquire(blocking=False)
    other = r.lock("lock", timeout=30, blocking_timeout=0.05)
    assert not other.acquire()
    assert lock.extend(10) and lock.owned()
    lock.release()
    with other:
        assert r.exists("lock")
    try:
        other.release()
        raise AssertionError("released twice")
    except LockError:
        pass


def streams(r):
    ids = [r.xadd("jobs", {"n": i}) for i in range(5)]
    assert r.xgroup_create("jobs", "workers", id="0")
    [[_, entries]] = r.xreadgroup("workers", "anna", {"jobs": ">"}, count=3)
    assert entries == [(ids[i], {"n": str(i)}) for i in range(3)]
    assert r.xack("jobs", "workers", ids[0]) == 1
    assert r.xpending("jobs", "workers") == {
        "pending": 2, "min": ids[1], "max": ids[2], "consumers": [{"name": "anna", "pending": 2}]}
    assert [e["message_id"] for e in r.xpending_range("jobs", "workers", "-", "+", 10)] == ids[1:3]
    assert r.xclaim("jobs", "workers", "bert", 0, [ids[1]]) == [(ids[1], {"n": "1"})]
    assert r.xautoclaim("jobs", "workers", "bert", 0)[1][0][0] == ids[1]
    assert r.xinfo_groups("jobs")[0]["name"] == "workers"
    assert {c["name"] for c in r.xinfo_consumers("jobs", "workers")} == {"anna", "bert"}
    assert r.xinfo_stream("jobs", full=True)["length"] == 5
    assert r.xtrim("jobs", maxlen=2, approximate=False) == 3 and r.xlen("jobs") == 2
    got = []
    reader = threading.Thread(target=lambda: got.append(connect().xread({"jobs": "$"}, block=20000)))
    reader.start()
    while r.info("clients")["blocked_clients"] == 0:
        pass
    new = r.xadd("jobs", {"n": "new"})
    reader.join()
    assert got == [[["jobs", [(new, {"n": "new"})]]]]


def scripts(r):
    take = r.register_script(
        "local n = redis.call('GET', KEYS[1]) or ARGV[1]\n"
        "redis.call('SET', KEYS[1], n + 1)\n"
        "return {n, cjson.encode({key = KEYS[1]})}")
    assert take(keys=["sequence"], args=[41]) == ["41", '{"key":"sequence"}']
    r.script_flush()
    assert take(keys=["sequence"], args=[0])[0] == "42"  # loads itself again
    with r.pipeline() as pipe:
        take(keys=["sequence"], args=[0], client=pipe)
        assert pipe.execute()[0][0] == "43"
    try:
        r.evalsha("0" * 40, 0)
        raise AssertionError("no such script")
    except NoScriptError:
        pass


def blocking(r):
    popped = []
    waiter = threading.Thread(target=lambda: popped.append(connect().blpop(["q1", "q2"], timeout=20)))
    waiter.start()
    while r.info("clients")["blocked_clients"] == 0:
        pass
    r.rpush("q2", "job")
    waiter.join()
    assert popped == [("q2", "job")]
    r.zadd("zq", {"a": 1})
    assert r.bzpopmin("zq", timeout=5) == ("zq", "a", 1.0)
    r.rpush("src", "x")
    assert r.blmove("src", "dst", 5) == "x" and r.lrange("dst", 0, -1) == ["x"]
    assert r.blpop("nothing", timeout=0.01) is None


def server(r):
    r.sadd("tags", "a")
    info = r.info()
    assert info["redis_version"].count(".") == 2 and info["db0"]["keys"] == r.dbsize()
    assert r.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert len(r.client_list()) >= 1 and r.client_setname("py") and r.client_getname() == "py"
    assert r.command_count() > 200 and "get" in r.command()
    assert r.slowlog_len() >= 0 and r.memory_usage("tags") > 0 and r.time()[0] > 0
    assert "default" in r.acl_list()[0] and r.acl_whoami() == "default"
    with r.monitor() as monitor:
        connect().set("monitored", "x")
        while "monitored" not in monitor.next_command()["command"]:
            pass
    # A connection that the server closed is opened again.
    single = connect(single_connection_client=True, retry_on_error=[redis.ConnectionError])
    single.set("back", "1")
    r.client_kill_filter(skipme=True)
    assert single.get("back") == "1" and r.ping()


def main():
    r = connect()
    for part in (hashes_and_scans, pipelines, transactions, pubsub, locks, streams, scripts, blocking, server):
        r.flushall()
        try:
            part(r)
        except Exception:
            print("FAILED: " + part.__name__, file=sys.stderr)
            raise
    print("passed with redis-py " + redis.__version__)


main()
