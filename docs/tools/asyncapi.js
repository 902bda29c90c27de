// Holds AsyncAPI documents against the specification: prints every error and warning, and fails if there is one.
import { readFileSync } from 'node:fs';

import { Parser } from '@asyncapi/parser';

const WARNING = 1; // 0 is an error, and what is above 1 only advice

const parser = new Parser();
for (const path of process.argv.slice(2)) {
  const { diagnostics } = await parser.parse(readFileSync(path, 'utf8'), { source: path });
  for (const { path: where, message } of diagnostics.filter(({ severity }) => severity <= WARNING)) {
    console.log(`${path}: ${where.join('.')}: ${message}`);
    process.exitCode = 1;
  }
}
