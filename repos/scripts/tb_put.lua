-- Writes a record of the storage backend, under a condition.
--
-- KEYS  1 record (hash), 2 idx (zset: task by createdAt), 3 exp (zset: task by deadline),
--       4 vc (string: highest version given), 5 dead (zset: removed task by time)
-- ARGV  1 condition: "any", "version" or "new"   2 now, unix ms        3 task
--       4 data                                   5 createdAt, unix ms
--       6 deadline, unix ms, or "" for none      7 version retention, ms
--       8 "version": the version expected; "new": most records of the owner
-- Returns {"ok", version}, {"conflict", actual version, 0: no record}, {"exists"},
--         {"full", records}
-- USES text
local record, idx, exp, vc, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local condition, now, task, deadline = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[6]

local held = redis.call('HMGET', record, 'v', 'x')
local version = held[1] and tonumber(held[1])
local live = held[1] and not (held[2] and tonumber(held[2]) <= now)

if condition == 'version' and not (live and held[1] == ARGV[8]) then
  return {'conflict', live and held[1] or '0'}
end
if condition == 'new' then
  if live then return {'exists'} end
  local records = redis.call('ZCARD', idx) - redis.call('ZCOUNT', exp, '-inf', ARGV[2])
  if records >= tonumber(ARGV[8]) then return {'full', int(records)} end
end

redis.call('ZREMRANGEBYSCORE', dead, '-inf', '(' .. int(now - tonumber(ARGV[7])))
local highest = tonumber(redis.call('GET', vc) or '0')
local next_version = 1
if live and version then
  next_version = version + 1
elseif held[1] or redis.call('ZSCORE', dead, task) or redis.call('ZSCORE', idx, task) then
  next_version = highest + 1
end
if next_version > highest then redis.call('SET', vc, int(next_version)) end

if deadline ~= '' and tonumber(deadline) <= now then
  redis.call('DEL', record)
  redis.call('ZREM', idx, task)
  redis.call('ZREM', exp, task)
  redis.call('ZADD', dead, ARGV[2], task)
  return {'ok', int(next_version)}
end

if not live then redis.call('ZREM', idx, task) end
redis.call('ZADD', idx, 'NX', ARGV[5], task)
redis.call('ZREM', dead, task)
redis.call('HSET', record, 'f', '1', 'v', int(next_version), 'data', ARGV[4],
  'c', redis.call('ZSCORE', idx, task))
if deadline == '' then
  redis.call('HDEL', record, 'x')
  redis.call('PERSIST', record)
  redis.call('ZREM', exp, task)
else
  redis.call('HSET', record, 'x', deadline)
  redis.call('PEXPIREAT', record, deadline)
  redis.call('ZADD', exp, deadline, task)
end
return {'ok', int(next_version)}
