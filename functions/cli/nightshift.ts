#!/usr/bin/env -S node --max-semi-space-size=8
import { enableCompileCache } from 'node:module';
import { keepHeapSmall } from '../runtime/small-heap.ts';

// Half of a short run is compiling: what was compiled last time is kept in the system's temporary folder.
enableCompileCache();
keepHeapSmall();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
