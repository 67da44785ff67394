"""What a run or a mixture came to, for people: plain figures in, an HTML file or a page of terminal out."""
