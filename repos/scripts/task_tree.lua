-- Reads a task and what is below it, level by level.
--
-- KEYS  1 ix (lex index of the tasks)
-- ARGV  1 now, unix ms   2 task execution id   3 what keys of tasks begin with; it carries the
--       tag of KEYS[1]   4 greatest depth, 0: any   5 most rows
-- Returns {"none", "depth", "nodes" or "cycle", depth, fields, depth, fields, ...}; each level in
--         order of (c, id)
-- USES text exec
local cut, reply, seen = 'none', {'none'}, {}
local level, depth, rows = {escape(ARGV[2])}, 0, 0
local function cut_by(why)
  if cut == 'none' then cut = why end
end
while #level > 0 do
  local found, nodes = {}, {}
  for _, id in ipairs(level) do
    local task, flat = object_of(ARGV[3] .. id)
    if seen[id] then
      cut_by('cycle')
    elseif alive(task, ARGV[1]) then
      seen[id] = true
      nodes[#nodes + 1] = {key = pad16(tonumber(task.c)) .. ' ' .. id, id = id, flat = flat}
    end
  end
  table.sort(nodes, function(a, b) return a.key < b.key end)
  for _, node in ipairs(nodes) do
    if rows == tonumber(ARGV[5]) then
      reply[1] = cut ~= 'none' and cut or 'nodes'
      return reply
    end
    rows = rows + 1
    reply[#reply + 1] = int(depth)
    reply[#reply + 1] = node.flat
    for _, member in ipairs(redis.call('ZRANGE', KEYS[1], '[ch ' .. node.id .. ' ',
      '(ch ' .. node.id .. '!', 'BYLEX')) do
      found[#found + 1] = string.match(member, '.* (.*)')
    end
  end
  if #found > 0 and ARGV[4] ~= '0' and depth == tonumber(ARGV[4]) then
    cut_by('depth')
    break
  end
  level, depth = found, depth + 1
end
reply[1] = cut
return reply
