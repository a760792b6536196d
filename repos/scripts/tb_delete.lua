-- Removes a record of the storage backend and what is left of it.
--
-- KEYS  1 record (hash), 2 idx (zset: task by createdAt), 3 exp (zset: task by deadline),
--       4 vc (string: highest version given), 5 dead (zset: removed task by time)
-- ARGV  1 now, unix ms   2 task   3 version retention, ms
-- Returns 1 when a live record was removed, else 0
local record, idx, exp, vc, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, task = tonumber(ARGV[1]), ARGV[2]

local held = redis.call('HMGET', record, 'v', 'x')
local live = held[1] and not (held[2] and tonumber(held[2]) <= now)

redis.call('ZREMRANGEBYSCORE', dead, '-inf', '(' .. string.format('%.0f', now - tonumber(ARGV[3])))
local removed = redis.call('DEL', record) + redis.call('ZREM', idx, task)
redis.call('ZREM', exp, task)
if removed > 0 then redis.call('ZADD', dead, ARGV[1], task) end
if redis.call('EXISTS', idx, dead) == 0 then redis.call('DEL', vc) end
return live and 1 or 0
