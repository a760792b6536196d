// What the Node programs share. run.sh gave PORT, SERVER, SUBJECT, WORK and CACHE.
'use strict';
const childProcess = require('child_process');
const fs = require('fs');
const net = require('net');
const path = require('path');

// A package of package.json, which npm installs into CACHE once.
exports.load = (name) => {
  const modules = path.join(process.env.CACHE, name);
  const wanted = JSON.parse(fs.readFileSync(path.join(__dirname, 'package.json'))).dependencies[name];
  const entry = path.join(modules, 'node_modules', name);
  const installed = () => {
    try {
      return JSON.parse(fs.readFileSync(path.join(entry, 'package.json'))).version;
    } catch (error) {
      return null;
    }
  };
  if (installed() !== wanted) {
    fs.mkdirSync(modules, {recursive: true});
    fs.writeFileSync(path.join(modules, 'package.json'),
                     JSON.stringify({private: true, dependencies: {[name]: wanted}}));
    const npm = childProcess.spawnSync(
        'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=0'],
        {cwd: modules, encoding: 'utf8', timeout: 60000});
    if (installed() !== wanted) {
      const why = npm.error ? String(npm.error) : npm.stderr;
      console.log(`SKIPPED: npm install ${name}@${wanted} did not work (no npm, or no network?): ` +
                  why.slice(-400));
      process.exit(77);
    }
  }
  return require(entry);
};

exports.port = Number(process.env.PORT);

// Until `test` says yes; the timeout of the test is the limit.
exports.until = async (test) => {
  while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 5));
};

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const {port} = server.address();
    server.close(() => resolve(port));
  });
});

const accepts = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('connect', () => socket.end(() => resolve(true))).on('error', () => resolve(false));
});

// A second server that a test may kill and start again on the same port.
exports.startServer = async (port) => {
  port = port || await freePort();
  const args = process.env.SUBJECT === 'redis' ?
      ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', process.env.WORK] :
      ['serve', '--port', port, '--in-memory'];
  const server = childProcess.spawn(process.env.SERVER, args.map(String), {stdio: 'ignore'});
  const end = () => server.kill('SIGKILL');
  process.on('exit', end);
  await exports.until(() => accepts(port));
  return {port, kill: () => new Promise((resolve) => server.on('exit', resolve) && end())};
};

exports.run = (main) => main().then(() => {
  console.log('passed');
  process.exit(0);
}, (error) => {
  console.error('FAILED:', error);
  process.exit(1);
});
