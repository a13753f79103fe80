// Rejects samples whose SQL selects every column.

import { error, validator, type Sample } from "nl2sql-plugin";

export default validator({
  open() {
    return {
      check(sample: Sample) {
        const selectsAll = sample.sql.toLowerCase().includes("select *");
        return selectsAll ? [error("style", "select-star", "the statement selects every column")] : [];
      },
    };
  },
});
