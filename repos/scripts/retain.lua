-- Gives an ended execution or task another deadline.
--
-- KEYS  1 state of the execution, or task (hash), 2 meta of the execution (hash)
-- ARGV  1 version expected   2 deadline, unix ms, "" for none   3 "task" or "workflow"
-- Returns 1, or 0 when it has changed or has not ended
-- USES text exec
local object = object_of(KEYS[1])
if not object or object.v ~= ARGV[1] or not TERMINAL[object.status] then return 0 end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], 'x')
  redis.call('PERSIST', KEYS[1])
  return 1
end
redis.call('HSET', KEYS[1], 'x', ARGV[2])
settle_deadline(KEYS[1], ARGV[2])
if ARGV[3] == 'task' then
  local earliest = redis.call('HGET', KEYS[2], 'mx')
  if not earliest or tonumber(ARGV[2]) < tonumber(earliest) then
    redis.call('HSET', KEYS[2], 'mx', ARGV[2])
  end
end
return 1
