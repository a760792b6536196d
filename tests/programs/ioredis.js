// ioredis (npm): pipelines, transactions, messages, stream groups, scripts, scans, and a server
// that is killed and comes back.
'use strict';
const assert = require('assert');
const {load, port, run, startServer, until} = require('./common.js');
const Redis = load('ioredis');

async function values(redis) {
  assert.strictEqual(await redis.set('k', 'v', 'EX', 100, 'NX'), 'OK');
  assert.deepStrictEqual(await redis.getBuffer('k'), Buffer.from('v'));
  await redis.hset('h', {a: 1, b: 2});
  assert.deepStrictEqual(await redis.hgetall('h'), {a: '1', b: '2'});
  await assert.rejects(redis.incr('h'), /WRONGTYPE/);
  await redis.sadd('set', ...Array.from({length: 700}, (_, i) => `m${i}`));
  const members = new Set();
  for await (const page of redis.sscanStream('set', {count: 50})) page.forEach((m) => members.add(m));
  assert.strictEqual(members.size, 700);
}

async function pipelines(redis) {
  const pipeline = redis.pipeline();
  for (let i = 0; i < 1000; ++i) pipeline.set(`p${i}`, i).get(`p${i}`);
  const results = await pipeline.exec();
  results.forEach(([error, value], i) => assert(!error && (i % 2 === 0 || value === String((i - 1) / 2))));
  const automatic = new Redis(port, {enableAutoPipelining: true});
  const gotten = await Promise.all(Array.from({length: 500}, (_, i) => automatic.get(`p${i}`)));
  assert.deepStrictEqual(gotten, Array.from({length: 500}, (_, i) => String(i)));
  automatic.disconnect();
}

async function transactions(redis) {
  const results = await redis.multi().set('t', 1).incr('t').lpush('t', 1).exec();
  assert.strictEqual(results[1][1], 2);
  assert.match(String(results[2][0]), /WRONGTYPE/);
  const watcher = redis.duplicate();
  await watcher.watch('t');
  await redis.set('t', 'other');
  assert.strictEqual(await watcher.multi().set('t', 'mine').exec(), null);
  await assert.rejects(redis.multi().set('t').exec(), /EXECABORT|wrong number/);
  watcher.disconnect();
}

async function messages(redis) {
  const listener = redis.duplicate();
  const heard = [];
  listener.on('message', (channel, text) => heard.push([channel, text]));
  listener.on('pmessage', (pattern, channel, text) => heard.push([pattern, channel, text]));
  assert.strictEqual(await listener.subscribe('news', 'weather'), 2);
  await listener.psubscribe('w*');
  assert.strictEqual(await redis.publish('weather', 'sun'), 2);
  await until(() => heard.length === 2);
  assert.deepStrictEqual(heard.sort(), [['w*', 'weather', 'sun'], ['weather', 'sun']]);
  assert.strictEqual(await listener.unsubscribe('news', 'weather'), 1);
  listener.disconnect();
}

async function streams(redis) {
  const blocked = redis.duplicate();
  await redis.xgroup('CREATE', 'jobs', 'workers', '$', 'MKSTREAM');
  const waiting = blocked.xreadgroup('GROUP', 'workers', 'me', 'BLOCK', 20000, 'STREAMS', 'jobs', '>');
  await until(async () => /blocked_clients:1/.test(await redis.info('clients')));
  const id = await redis.xadd('jobs', '*', 'n', '1');
  assert.deepStrictEqual(await waiting, [['jobs', [[id, ['n', '1']]]]]);
  assert.strictEqual((await redis.xpending('jobs', 'workers'))[0], 1);
  assert.strictEqual(await redis.xack('jobs', 'workers', id), 1);
  blocked.disconnect();
}

async function scripts(redis) {
  redis.defineCommand('addTo', {numberOfKeys: 1, lua: 'return redis.call("INCRBY", KEYS[1], ARGV[1])'});
  assert.strictEqual(await redis.addTo('sum', 5), 5);
  await redis.script('FLUSH');
  assert.strictEqual(await redis.addTo('sum', 5), 10);
}

async function serverComesBack() {
  const first = await startServer();
  const client = new Redis(first.port, {retryStrategy: () => 20, maxRetriesPerRequest: null});
  const listener = new Redis(first.port, {retryStrategy: () => 20});
  const heard = [];
  client.on('error', () => {});
  listener.on('error', () => {});
  listener.on('message', (channel, text) => heard.push(text));
  await listener.subscribe('c');
  await client.set('before', '1');
  await first.kill();
  const pending = client.set('while', 'away');  // waits in the client's queue
  const second = await startServer(first.port);
  assert.strictEqual(await pending, 'OK');
  assert.strictEqual(await client.get('while'), 'away');
  await until(async () => await client.publish('c', 'again') === 1);  // subscribed again by itself
  await until(() => heard.length > 0);
  assert.strictEqual(heard[0], 'again');
  client.disconnect();
  listener.disconnect();
  await second.kill();
}

run(async () => {
  const redis = new Redis(port);
  for (const part of [values, pipelines, transactions, messages, streams, scripts]) {
    await redis.flushall();
    await part(redis);
  }
  await serverComesBack();
});
