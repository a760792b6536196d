-- The members of a task in the index of its execution.
local function task_members(task)
  local tail = ' ' .. pad16(tonumber(task.c)) .. ' ' .. escape(task.task_exec_id)
  local parent, task_id = escape(task.parent_state_id or ''), escape(task.task_id)
  local members = {'al' .. tail, 'st ' .. task.status .. tail, 'ti ' .. task_id .. tail,
    'et ' .. task.execution_type .. tail, 'ch ' .. parent .. ' ' .. task_id .. tail,
    'cs ' .. parent .. ' ' .. task.status .. tail}
  if task.agent_id then members[#members + 1] = 'ag ' .. escape(task.agent_id) .. tail end
  if task.tool_id then members[#members + 1] = 'tl ' .. escape(task.tool_id) .. tail end
  if task.action_id then members[#members + 1] = 'ac ' .. escape(task.action_id) .. tail end
  if task.output then members[#members + 1] = 'co ' .. parent .. tail end
  return members
end

-- Removes a task; its fields as they were stored are the result, {} when there was none.
local function remove_task(key, ix)
  local task, flat = object_of(key)
  if not task then return flat end
  for _, member in ipairs(task_members(task)) do redis.call('ZREM', ix, member) end
  redis.call('DEL', key)
  return flat
end
