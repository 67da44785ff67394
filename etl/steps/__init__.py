"""The steps: functions from DataFrame to DataFrame that know nothing of each other."""
