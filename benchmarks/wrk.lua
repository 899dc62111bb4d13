-- Requests of the paths in a file, one a line, in turn; one line of JSON with what came of them.
-- wrk --script wrk.lua URL -- FILE [REQUESTS OF ONE WRITE]

function init(args)
  local paths = {}
  for path in io.lines(args[1]) do paths[#paths + 1] = path end
  local together = tonumber(args[2] or "1")
  if #paths == 1 and together == 1 then
    wrk.path = paths[1] -- wrk writes it once and sends it without a call of Lua
    return
  end
  -- Written out beforehand: the generator must not be what is measured.
  local written = {}
  for index, path in ipairs(paths) do
    written[index] = string.rep(wrk.format("GET", path), together)
  end
  local next = 0
  request = function()
    next = next % #written + 1
    return written[next]
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\nresult {"requests": %d, "microseconds": %d, "bytes": %d, "p50": %d, "p99": %d, "connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout
  ))
end
