"""One requested video, from the submission to its end. The row is the truth; the queue says when to look."""
