-- Reads an execution and all its tasks in one cut; O(tasks), without the limit of rows.
--
-- KEYS  1 state (hash), 2 meta (hash), 3 ix (lex index of the tasks)
-- ARGV  1 what keys of tasks begin with; it carries the tag of KEYS[1]
-- Returns {fields, count of task writes, fields of a task, ...}
local reply = {redis.call('HGETALL', KEYS[1]), redis.call('HGET', KEYS[2], 'ep') or '0'}
for _, member in ipairs(redis.call('ZRANGE', KEYS[3], '[al ', '(al!', 'BYLEX')) do
  local fields = redis.call('HGETALL', ARGV[1] .. string.match(member, '.* (.*)'))
  if #fields == 0 then
    redis.call('ZREM', KEYS[3], member)
  else
    reply[#reply + 1] = fields
  end
end
return reply
