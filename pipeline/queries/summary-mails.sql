SELECT recipient FROM summary_mails FINAL WHERE week = {monday:Date}
