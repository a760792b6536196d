-- Reads the live records of an owner in order of (createdAt, task), so many of them, and
-- removes index entries whose record is gone.
--
-- KEYS  1 idx (zset: task by createdAt), 2 exp (zset: task by deadline),
--       3 dead (zset: removed task by time)
-- ARGV  1 now, unix ms   2 what record keys begin with; it carries the tag of KEYS[1]
--       3 "" or the createdAt after which to go on   4 and the task   5 most rows
-- Returns {next createdAt or "", next task, task, version, data, task, version, data, ...};
--         version and data are false where the record has none
-- USES text
local idx, exp, dead = KEYS[1], KEYS[2], KEYS[3]
local now, after, after_task, limit = tonumber(ARGV[1]), ARGV[3], ARGV[4], tonumber(ARGV[5])

-- The rank to go on from. The row that was last may be gone, or at another place, by now.
local function first_rank()
  if after == '' then return 0 end
  if redis.call('ZSCORE', idx, after_task) == after then
    return redis.call('ZRANK', idx, after_task) + 1
  end
  local rank = redis.call('ZCOUNT', idx, '-inf', '(' .. after)
  for _, task in ipairs(redis.call('ZRANGEBYSCORE', idx, after, after)) do
    if task > after_task then break end
    rank = rank + 1
  end
  return rank
end

local first = first_rank()
local rows = redis.call('ZRANGE', idx, first, first + limit - 1, 'WITHSCORES')
local reply = {'', ''}
for i = 1, #rows, 2 do
  local task = rows[i]
  local record = ARGV[2] .. escape(task)
  local held = redis.call('HMGET', record, 'v', 'data', 'x')
  local gone = not held[1] and not held[2] and redis.call('EXISTS', record) == 0
  if gone or (held[3] and tonumber(held[3]) <= now) then
    redis.call('DEL', record)
    redis.call('ZREM', idx, task)
    redis.call('ZREM', exp, task)
    redis.call('ZADD', dead, ARGV[1], task)
  else
    reply[#reply + 1] = task
    reply[#reply + 1] = held[1]
    reply[#reply + 1] = held[2]
  end
end
if #rows == 2 * limit then
  reply[1], reply[2] = rows[#rows], rows[#rows - 1]
end
return reply
