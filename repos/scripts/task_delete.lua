-- Removes a task and what is below it, so many of them, the lowest first.
--
-- KEYS  1 meta of the execution (hash), 2 ix (lex index of the tasks)
-- ARGV  1 task execution id   2 what keys of tasks begin with; it carries the tag of KEYS[1]
--       3 most tasks
-- Returns {"1" when tasks are left, else "0", fields of a task, ...}
-- USES text exec task
local order, seen = {}, {}
local root = escape(ARGV[1])
if redis.call('EXISTS', ARGV[2] .. root) == 1 then order, seen = {root}, {[root] = true} end
local at = 1
while order[at] do
  local children = redis.call('ZRANGE', KEYS[2], '[ch ' .. order[at] .. ' ',
    '(ch ' .. order[at] .. '!', 'BYLEX')
  for _, member in ipairs(children) do
    local child = string.match(member, '.* (.*)')
    if not seen[child] then
      seen[child] = true
      order[#order + 1] = child
    end
  end
  at = at + 1
end
local last = math.max(1, #order - tonumber(ARGV[3]) + 1)
local reply = {last > 1 and '1' or '0'}
for i = #order, last, -1 do
  local flat = remove_task(ARGV[2] .. order[i], KEYS[2])
  if #flat > 0 then reply[#reply + 1] = flat end
end
if #reply > 1 then redis.call('HINCRBY', KEYS[1], 'ep', 1) end
return reply
