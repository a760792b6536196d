-- Counts the children of a task by status.
--
-- KEYS  1 meta of the execution (hash), 2 ix (lex index of the tasks)
-- ARGV  1 now, unix ms   2 task execution id   3 what keys of tasks begin with; it carries the
--       tag of KEYS[1]   4... the statuses
-- Returns a count for each status
-- USES text
local prefix = 'cs ' .. escape(ARGV[2]) .. ' '
local earliest = redis.call('HGET', KEYS[1], 'mx')
local some_expired = earliest and tonumber(earliest) <= tonumber(ARGV[1])
local counts = {}
for i = 4, #ARGV do
  local low, high = '[' .. prefix .. ARGV[i] .. ' ', '(' .. prefix .. ARGV[i] .. '!'
  local count = redis.call('ZLEXCOUNT', KEYS[2], low, high)
  if some_expired and count > 0 then
    for _, member in ipairs(redis.call('ZRANGE', KEYS[2], low, high, 'BYLEX')) do
      local key = ARGV[3] .. string.match(member, '.* (.*)')
      local x = redis.call('HGET', key, 'x')
      local gone = x and tonumber(x) <= tonumber(ARGV[1])
      if gone or redis.call('EXISTS', key) == 0 then count = count - 1 end
    end
  end
  counts[#counts + 1] = count
end
return counts
