-- Counts the tasks of an execution that say something, whatever its index says; O(tasks), without
-- the limit of rows.
--
-- KEYS  1 ix (lex index of the tasks)
-- ARGV  1 field   2 value, escaped   3 what keys of tasks begin with; it carries the tag of KEYS[1]
-- Returns the count
-- USES text
local count = 0
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if string.sub(member, 1, 3) == 'al ' then
    local value = redis.call('HGET', ARGV[3] .. string.match(member, '.* (.*)'), ARGV[1])
    if value and escape(value) == ARGV[2] then count = count + 1 end
  end
end
return count
