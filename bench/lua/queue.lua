-- A queue: takes 100 jobs, orders them by priority, joins their ids.
local ids = {}
for i = 1, 100 do
  local job = redis.call('LPOP', KEYS[1])
  ids[#ids + 1] = {id = job .. ':' .. i, priority = (i * 7919) % 101}
end
table.sort(ids, function(a, b) return a.priority < b.priority end)
local names = {}
for i, job in ipairs(ids) do names[i] = job.id end
return table.concat(names, ',')
