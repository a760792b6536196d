// node-redis (npm package redis): RESP2 client with multi, messages, stream groups, blocking
// reads in isolation, and a server that is killed and comes back.
'use strict';
const assert = require('assert');
const {load, port, run, startServer, until} = require('./common.js');
const redis = load('redis');

const connect = (at, options = {}) => redis.createClient(
    {socket: {host: '127.0.0.1', port: at, reconnectStrategy: () => 20}, ...options})
    .on('error', () => {}).connect();

async function values(client) {
  assert.strictEqual(await client.set('k', 'v', {EX: 100, NX: true}), 'OK');
  await client.hSet('h', {a: '1', b: '2'});
  assert.deepStrictEqual({...await client.hGetAll('h')}, {a: '1', b: '2'});
  await client.zAdd('z', [{score: 1.5, value: 'a'}, {score: 2, value: 'b'}]);
  assert.deepStrictEqual(await client.zRangeWithScores('z', 0, -1),
                         [{value: 'a', score: 1.5}, {value: 'b', score: 2}]);
  await assert.rejects(client.incr('h'), /WRONGTYPE/);
  const keys = [];
  for await (const key of client.scanIterator({MATCH: '?', COUNT: 2})) keys.push(key);
  assert.deepStrictEqual(keys.sort(), ['h', 'k', 'z']);
  const gets = await Promise.all(Array.from({length: 2000}, () => client.get('k')));
  assert(gets.every((value) => value === 'v'));
  assert.deepStrictEqual((await client.geoAdd('g', {longitude: 13.4, latitude: 52.5, member: 'x'})), 1);
}

async function transactions(client) {
  assert.deepStrictEqual(await client.multi().set('t', '1').incr('t').get('t').exec(), ['OK', 2, '2']);
  await assert.rejects(client.executeIsolated(async (isolated) => {
    await isolated.watch('t');
    await client.set('t', 'other');
    return isolated.multi().set('t', 'mine').exec();
  }), redis.WatchError);
}

async function messages(client) {
  const listener = await client.duplicate().connect();
  const heard = [];
  await listener.subscribe('news', (text, channel) => heard.push([channel, text]));
  await listener.pSubscribe('n*', (text, channel) => heard.push([channel, text]));
  assert.strictEqual(await client.publish('news', 'rain'), 2);
  await until(() => heard.length === 2);
  assert.deepStrictEqual(heard, [['news', 'rain'], ['news', 'rain']]);
  await listener.sSubscribe('shard', (text) => heard.push(text));
  assert.strictEqual(await client.sPublish('shard', 's'), 1);
  await until(() => heard[2] === 's');
  await listener.disconnect();
}

async function streams(client) {
  await client.xGroupCreate('jobs', 'workers', '0', {MKSTREAM: true});
  const waiting = client.executeIsolated((isolated) => isolated.xReadGroup(
      'workers', 'me', {key: 'jobs', id: '>'}, {BLOCK: 20000}));
  await until(async () => /blocked_clients:1/.test(await client.info('clients')));
  const id = await client.xAdd('jobs', '*', {n: '1'});
  const [{name, messages: [message]}] = await waiting;
  assert.deepStrictEqual([name, message.id, {...message.message}], ['jobs', id, {n: '1'}]);
  assert.strictEqual((await client.xPending('jobs', 'workers')).pending, 1);
  assert.strictEqual(await client.xAck('jobs', 'workers', id), 1);
  assert.strictEqual((await client.xInfoGroups('jobs'))[0].name, 'workers');
}

async function serverComesBack() {
  const first = await startServer();
  const client = await connect(first.port);
  const listener = await connect(first.port);
  const heard = [];
  await listener.subscribe('c', (text) => heard.push(text));
  await first.kill();
  await until(() => !client.isReady);
  const pending = client.set('while', 'away');
  const second = await startServer(first.port);
  assert.strictEqual(await pending, 'OK');
  await until(async () => await client.publish('c', 'again') === 1);
  await until(() => heard.length > 0);
  await client.disconnect();
  await listener.disconnect();
  await second.kill();
}

run(async () => {
  const client = await connect(port);
  for (const part of [values, transactions, messages, streams]) {
    await client.flushAll();
    await part(client);
  }
  await client.disconnect();
  await serverComesBack();
});
