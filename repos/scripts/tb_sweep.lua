-- Removes expired records of an owner, so many of them, and their entries.
--
-- KEYS  1 idx (zset: task by createdAt), 2 exp (zset: task by deadline),
--       3 vc (string: highest version given), 4 dead (zset: removed task by time)
-- ARGV  1 now, unix ms   2 what record keys begin with; it carries the tag of KEYS[1]
--       3 version retention, ms   4 most rows
-- Returns {records removed, entries left: 0 when the owner has nothing any more}
-- USES text
local idx, exp, vc, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local expired = redis.call('ZRANGEBYSCORE', exp, '-inf', ARGV[1], 'LIMIT', 0, ARGV[4])
for _, task in ipairs(expired) do
  redis.call('DEL', ARGV[2] .. escape(task))
  redis.call('ZREM', idx, task)
  redis.call('ZREM', exp, task)
  redis.call('ZADD', dead, ARGV[1], task)
end
local oldest = string.format('%.0f', tonumber(ARGV[1]) - tonumber(ARGV[3]))
redis.call('ZREMRANGEBYSCORE', dead, '-inf', '(' .. oldest)
local left = redis.call('ZCARD', idx) + redis.call('ZCARD', dead)
if left == 0 then redis.call('DEL', vc) end
return {#expired, left}
