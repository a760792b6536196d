-- Writes a task, after all that can be wrong was looked at.
--
-- KEYS  1 state of the execution (hash), 2 its meta (hash: clk, ep, mx), 3 task (hash),
--       4 ix (lex index of the tasks)
-- ARGV  1 now, unix ms   2 task execution id   3 retention, ms, 0: for ever
--       4 version expected (0: no such task), or ""
--       5 what keys of tasks begin with; it carries the tag of KEYS[1]
--       6... name and value of each field
-- Returns {"ok", fields before, fields now, creation stamp of the execution}, {"no_workflow"},
--         {"workflow_id"}, {"no_parent"}, {"cycle"}, {"moved"}
-- USES text exec task
local workflow = object_of(KEYS[1])
if not alive(workflow, ARGV[1]) then return {'no_workflow'} end
local new = {}
for i = 6, #ARGV, 2 do new[ARGV[i]] = ARGV[i + 1] end
if new.workflow_id ~= workflow.workflow_id then return {'workflow_id'} end
local old, old_flat = object_of(KEYS[3])
local held = alive(old, ARGV[1]) and old or nil
if ARGV[4] ~= '' and (held and held.v or '0') ~= ARGV[4] then return {'moved'} end

local id, parent = escape(ARGV[2]), new.parent_state_id
if parent then
  if not alive(object_of(ARGV[5] .. escape(parent)), ARGV[1]) then return {'no_parent'} end
  local has_children = redis.call('ZLEXCOUNT', KEYS[4], '[ch ' .. id .. ' ', '(ch ' .. id .. '!')
  local seen = {}
  while (parent == ARGV[2] or has_children > 0) and parent and not seen[parent] do
    if parent == ARGV[2] then return {'cycle'} end
    seen[parent] = true
    parent = redis.call('HGET', ARGV[5] .. escape(parent), 'parent_state_id')
  end
end

new.f, new.u, new.task_exec_id = '1', ARGV[1], ARGV[2]
new.v = held and int(tonumber(held.v) + 1) or '1'
new.c = held and held.c or exec_stamp(KEYS[2], ARGV[1])
new.x = deadline_after(held, new.status, ARGV[1], ARGV[3])

local members = {}
for _, member in ipairs(task_members(new)) do members[member] = true end
if old then
  for _, member in ipairs(task_members(old)) do
    if members[member] then
      members[member] = nil
    else
      redis.call('ZREM', KEYS[4], member)
    end
  end
end
for member in pairs(members) do redis.call('ZADD', KEYS[4], 0, member) end
redis.call('DEL', KEYS[3])
for name, value in pairs(new) do redis.call('HSET', KEYS[3], name, value) end
settle_deadline(KEYS[3], new.x)
redis.call('HINCRBY', KEYS[2], 'ep', 1)
if new.x then
  -- The earliest deadline of the execution's tasks: before it, all that the index counts is there.
  local earliest = redis.call('HGET', KEYS[2], 'mx')
  if not earliest or tonumber(new.x) < tonumber(earliest) then
    redis.call('HSET', KEYS[2], 'mx', new.x)
  end
end
return {'ok', old_flat, redis.call('HGETALL', KEYS[3]), workflow.c}
