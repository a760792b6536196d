-- Removes members of tasks that have gone by themselves, so many members looked at.
--
-- KEYS  1 ix (lex index of the tasks)
-- ARGV  1 member after which to go on, or ""   2 most members
--       3 what keys of tasks begin with; it carries the tag of KEYS[1]
-- Returns the member after which to go on, or ""
local low = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local members = redis.call('ZRANGE', KEYS[1], low, '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
for _, member in ipairs(members) do
  if redis.call('EXISTS', ARGV[3] .. string.match(member, '([^ ]+)$')) == 0 then
    redis.call('ZREM', KEYS[1], member)
  end
end
return #members == tonumber(ARGV[2]) and members[#members] or ''
