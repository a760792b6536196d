-- Follows the parents of a task.
--
-- KEYS  1 task (hash)
-- ARGV  1 task execution id   2 where to begin: the id of a parent
--       3 what keys of tasks begin with; it carries the tag of KEYS[1]   4 most steps
-- Returns {"end"}, {"cycle"} when the task is its own ancestor, {"more", id to go on with}
-- USES text
local at, seen = ARGV[2], {}
for _ = 1, tonumber(ARGV[4]) do
  if at == ARGV[1] then return {'cycle'} end
  if seen[at] then return {'end'} end
  seen[at] = true
  at = redis.call('HGET', ARGV[3] .. escape(at), 'parent_state_id')
  if not at then return {'end'} end
end
return {'more', at}
