// Makes one topic of every table and shares the samples evenly.

import { planner, PluginError } from "nl2sql-plugin";

export default planner({
  open({ cards }) {
    return {
      plan({ total }) {
        if (cards.length === 0) throw new PluginError("no-tables", "there is no table to plan for");
        const share = Math.floor(total / cards.length);
        const rest = total % cards.length;
        const topics = cards.map(({ table }, number) => ({
          name: table,
          reason: "a table of its own",
          tables: [table],
          budget: share + (number < rest ? 1 : 0),
        }));
        return { topics: topics.filter(({ budget }) => budget > 0), notes: [] };
      },
    };
  },
});
