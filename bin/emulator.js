#!/usr/bin/env node
import { start } from './start.js';

await start('scripts/emulator-main.js');
