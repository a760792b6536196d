<?php
// phpredis (Debian packages php-redis, php-cli): values, pipelines, transactions, scans, streams,
// scripts, a subscription, and the handler that keeps PHP sessions in Redis.

if (!class_exists('Redis')) {
    echo "SKIPPED: phpredis.php needs the Debian packages php-redis and php-cli\n";
    exit(77);
}

function check($condition, $what)
{
    if ($condition) {
        return;
    }
    fwrite(STDERR, "FAILED: $what\n");
    exit(1);
}

function connect()
{
    $redis = new Redis();
    check($redis->connect('127.0.0.1', (int)getenv('PORT')), 'connect');
    return $redis;
}

$r = connect();
check($r->set('k', 'v', ['nx', 'ex' => 100]) && $r->get('k') === 'v', 'SET NX EX');
check($r->get('missing') === false, 'GET of nothing');
$r->hMSet('h', ['a' => 1, 'b' => 2]);
check($r->hGetAll('h') === ['a' => '1', 'b' => '2'], 'HGETALL');
$r->zAdd('z', 1.5, 'a', 2, 'b');
check($r->zRange('z', 0, -1, true) === ['a' => 1.5, 'b' => 2.0], 'ZRANGE WITHSCORES');
check($r->incr('h') === false && strpos($r->getLastError(), 'WRONGTYPE') === 0, 'the error of INCR');
for ($i = 0; $i < 300; $i++) {
    $r->sAdd('s', "m$i");
}
$found = [];
$cursor = null;
while (($members = $r->sScan('s', $cursor, '*', 20)) !== false) {
    $found += array_flip($members);
}
check(count($found) === 300, 'SSCAN');

$pipe = $r->pipeline();
for ($i = 0; $i < 500; $i++) {
    $pipe->incr('n');
}
check($pipe->exec() === range(1, 500), 'pipeline');
check($r->multi()->set('t', 1)->incr('t')->exec() === [true, 2], 'MULTI');
$r->watch('t');
connect()->set('t', 'other');
check($r->multi()->set('t', 'mine')->exec() === false, 'WATCH');

$id = $r->xAdd('jobs', '*', ['n' => '1']);
check($r->xGroup('CREATE', 'jobs', 'workers', '0'), 'XGROUP');
check($r->xReadGroup('workers', 'me', ['jobs' => '>']) === ['jobs' => [$id => ['n' => '1']]], 'XREADGROUP');
check($r->xAck('jobs', 'workers', [$id]) === 1, 'XACK');

check($r->eval('return {KEYS[1], ARGV[1]}', ['key', 'arg'], 1) === ['key', 'arg'], 'EVAL');
$r->rPush('queue', 'job');
check($r->blPop(['empty', 'queue'], 5) === ['queue', 'job'], 'BLPOP');
$r->geoAdd('g', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania');
check(abs($r->geoDist('g', 'Palermo', 'Catania', 'km') - 166.2742) < 0.001, 'GEODIST');
check($r->info()['redis_mode'] === 'standalone', 'INFO');

ini_set('session.save_handler', 'redis');
ini_set('session.save_path', 'tcp://127.0.0.1:' . getenv('PORT'));
ini_set('session.use_cookies', '0');
session_cache_limiter('');
session_id('abc');
session_start();
$_SESSION['user'] = 'anna';
session_write_close();
check(strpos($r->get('PHPREDIS_SESSION:abc'), 'anna') !== false, 'a session');

echo 'passed with phpredis ' . phpversion('redis') . "\n";
