#!/usr/bin/env node
import { main, runCommand } from './cli.ts';

const terminated = new Promise<void>((resolve) => {
  // Later signals have no effect, so that active requests can finish.
  process.on('SIGTERM', () => resolve());
  process.on('SIGINT', () => resolve());
});

// Not awaited: the program is also built as CommonJS, without top-level await.
void main(process.argv.slice(2), {
  env: process.env,
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  run: runCommand,
  terminated,
}).then((code) => (process.exitCode = code));
