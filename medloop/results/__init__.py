"""What people get of a prediction: a mask, a picture, and DICOM objects that any viewer understands.

Arrays, headers and the model's answer in, files out; nothing here knows which model answered, or where.
Loaded by one function alone: highdicom and pydicom are in no other's layer.
"""
