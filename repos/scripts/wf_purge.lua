-- Removes an execution and its tasks, so many of them; the execution goes with the first call.
--
-- KEYS  1 state (hash), 2 meta (hash), 3 ix (lex index of the tasks)
-- ARGV  1 what keys of tasks begin with; it carries the tag of KEYS[1]   2 most tasks
--       3 "" or now, unix ms: only what has expired
-- Returns {"1" when tasks are left, else "0", fields of the execution, fields of a task, ...}
-- USES text exec task
local state, flat_state = object_of(KEYS[1])
if ARGV[3] ~= '' and alive(state, ARGV[3]) then return {'0', {}} end
local reply = {'0', flat_state}
redis.call('DEL', KEYS[1])
local members = redis.call('ZRANGE', KEYS[3], '[al ', '(al!', 'BYLEX', 'LIMIT', 0, ARGV[2])
for _, member in ipairs(members) do
  local flat = remove_task(ARGV[1] .. string.match(member, '.* (.*)'), KEYS[3])
  if #flat == 0 then
    redis.call('ZREM', KEYS[3], member)
  else
    reply[#reply + 1] = flat
  end
end
if #members == tonumber(ARGV[2]) then
  reply[1] = '1'
  return reply
end
redis.call('DEL', KEYS[3])
redis.call('HDEL', KEYS[2], 'mx')
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HINCRBY', KEYS[2], 'ep', 1)
  -- Creation stamps are not used again while somebody may still apply an old one.
  redis.call('PEXPIRE', KEYS[2], 86400000)
end
return reply
