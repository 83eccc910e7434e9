"""Mail: what people are told by e-mail, written with the change that it tells, sent by a job."""
