// Asks for the rows of every table of a topic.

import { generator, sample } from "nl2sql-plugin";

export default generator({
  open() {
    return {
      generate({ topic, want, round }) {
        // One round says all there is to say.
        const tables = round === 0 ? topic.tables.slice(0, want) : [];
        const samples = tables.map((table) =>
          sample({ topic: topic.name, question: `Show everything about ${table}.`, sql: `SELECT * FROM ${table}` }),
        );
        return { samples, exhausted: true, notes: [] };
      },
    };
  },
});
